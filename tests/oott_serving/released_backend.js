// Stores closet photos as the released backend does with axios: each request on its own, raw base64,
// no catch, and an error for every status that is not 2xx. On Node 15 and later, such an error ends
// the process. Arguments: the URL, a folder of photos. It prints the stored rows as JSON.

const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");

const [url, folder] = process.argv.slice(2);
const rows = [];

function post(body) {
  const headers = {
    Accept: "application/json, text/plain, */*",
    "Content-Type": "application/json",
    "User-Agent": "axios/1.6.7",
    "Content-Length": Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const request = http.request(`${url}/predict/camera`, { method: "POST", headers }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => {
        if (response.statusCode >= 200 && response.statusCode < 300) resolve(JSON.parse(Buffer.concat(parts)));
        else reject(new Error(`Request failed with status code ${response.statusCode}`));
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function store(photo) {
  const base64 = fs.readFileSync(path.join(folder, photo)).toString("base64");
  const { label, color } = await post(JSON.stringify({ base64_image: base64 }));
  rows.push({ photo, label, color });
}

for (const photo of fs.readdirSync(folder)) store(photo);
process.on("exit", () => console.log(JSON.stringify(rows)));
