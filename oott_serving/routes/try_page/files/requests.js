// Sends a photo or a trip to the service, and reads its answer or its error.

import { Problem } from "./photos.js";

/** The service asks for an API key, or does not know the one that was sent. */
export class KeyNeeded extends Problem {}

/** Send a photo; give the answer of POST /predict/garments, and how long it took in milliseconds. */
export async function garmentsIn(blob, key, signal) {
  const began = performance.now();
  const answer = await post("predict/garments", blob, blob.type, key, signal);
  return { answer, milliseconds: performance.now() - began };
}

/** Give the answer of POST /recommend to a trip. */
export async function recommendationFor(trip, key) {
  return await post("recommend", JSON.stringify(trip), "application/json", key);
}

async function post(path, body, type, key, signal) {
  const headers = { "Content-Type": type, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  let response;
  try {
    response = await fetch(path, { method: "POST", body, headers, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The service cannot be reached. Check that it runs and that you are connected, then try again.");
  }
  const text = await response.text();
  if (!response.ok) throw problemOf(response, text);
  return JSON.parse(text);
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
