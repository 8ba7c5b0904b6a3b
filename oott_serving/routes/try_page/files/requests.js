// Sends a photo to the service, and reads its answer or its error.

import { Problem } from "./photos.js";

/** The service asks for an API key, or does not know the one that was sent. */
export class KeyNeeded extends Problem {}

/** Send a photo; give the answer of POST /predict/garments, and how long it took in milliseconds. */
export async function garmentsIn(blob, key, signal) {
  const headers = { "Content-Type": blob.type, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  const began = performance.now();
  let response;
  try {
    response = await fetch("predict/garments", { method: "POST", body: blob, headers, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The service cannot be reached. Check that it runs and that you are connected, then send the photo again.");
  }
  const text = await response.text();
  if (!response.ok) throw problemOf(response, text);
  return { answer: JSON.parse(text), milliseconds: performance.now() - began };
}

function problemOf(response, text) {
  const seconds = response.headers.get("Retry-After");
  const sentence = `The service answers ${response.status}: ${errorIn(text)}.${seconds ? ` It can be asked again in ${seconds} s.` : ""}`;
  return response.status === 401 ? new KeyNeeded(sentence) : new Problem(sentence);
}

/** Read the sentence of an error; another server on the way may answer with something else. */
function errorIn(text) {
  try {
    return JSON.parse(text).error.replace(/\.$/, "");
  } catch {
    return "it gives no reason";
  }
}
