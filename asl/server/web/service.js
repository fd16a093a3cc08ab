// The server: questions of the page, and operations as any client has them.

async function send(path, headers, value, signal) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers,
      body: JSON.stringify(value),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server does not answer; asking again.");
  }
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.message ?? `The server says ${answer.status}.`);
  return told;
}

export function ask(question, value, signal) {
  const headers = { "Content-Type": "application/json" };
  return send(`/page/${question}`, headers, value, signal);
}

export function call(action, request) {
  const headers = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": `AWSStepFunctions.${action}`,
  };
  return send("/", headers, request);
}
