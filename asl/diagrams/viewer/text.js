// Texts for people: moments, counts, and the signs of how things ended.

const SIGNS = {
  RUNNING: "●",
  SUCCEEDED: "✓",
  CAUGHT: "↷",
  FAILED: "✗",
  TIMED_OUT: "⧗",
  ABORTED: "■",
};

const WORDS = {
  RUNNING: "running",
  SUCCEEDED: "succeeded",
  CAUGHT: "failed, caught",
  FAILED: "failed",
  TIMED_OUT: "timed out",
  ABORTED: "stopped",
};

function rounded(number, digits) {
  return Number(number.toFixed(digits)).toLocaleString("en");
}

function secondsText(seconds) {
  if (seconds === 0) return "0 s";
  if (seconds < 0.9995) return `${rounded(seconds * 1000, seconds < 0.01 ? 1 : 0)} ms`;
  if (seconds < 119.95) return `${rounded(seconds, 1)} s`;
  const parts = [];
  let rest = Math.round(seconds);
  for (const [sign, size] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${rounded(count, 0)} ${sign}`);
  }
  return parts.slice(0, 2).join(" ");
}

function countText(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

// Names may be made of characters that turn the text around them: they stay apart.
function apart(text) {
  return `\u2068${text}\u2069`;
}
