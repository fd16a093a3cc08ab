// A page that holds its data: the viewer on it.

aslViewer.createViewer(
  document.getElementById("viewer"),
  JSON.parse(document.getElementById("viewer-data").textContent),
);
