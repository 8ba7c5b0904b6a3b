// Opens the photo that a person chose, and makes it smaller if it is large.

// The detector looks at a photo at 448 pixels, so more than this only takes time to send.
const MAX_SIDE = 1600;
const MAX_BYTES = 4_000_000;
const JPEG_QUALITY = 0.92;

// The service reads these. Others, such as HEIC of a phone, are sent as JPEG.
const SENT_AS_THEY_ARE = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"];

/** The sentence of this error is for the person who looks at the page. */
export class Problem extends Error {}

/** Open a file: the blob to send, its size in pixels, and a sentence about what was changed. */
export async function openPhoto(file) {
  const isReadByService = file.size <= MAX_BYTES && SENT_AS_THEY_ARE.includes(file.type);
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) {
    if (isReadByService) return { blob: file, change: "" }; // the service says what is wrong with it
    throw new Problem(`${file.name || "This"} is not a photo that this browser can open. Choose a JPEG, PNG or WebP photo.`);
  }
  const { width, height } = picture;
  const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
  if (scale === 1 && isReadByService) return { blob: file, change: `Sent as it is: ${sizeOf(width, height, file)}.` };
  const canvas = drawn(picture, Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", JPEG_QUALITY));
  if (!blob) throw new Problem(`This browser cannot make a photo of ${width} × ${height} pixels smaller. Choose a smaller photo.`);
  const change = `The photo has ${sizeOf(width, height, file)}. This page ${scale < 1 ? "made it smaller" : "saved it as JPEG"} ` +
    `before it sent it: ${sizeOf(canvas.width, canvas.height, blob)}.`;
  return { blob, change };
}

function drawn(picture, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // a JPEG has no transparency, and black would look like cloth
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  return canvas;
}

function sizeOf(width, height, blob) {
  const bytes = blob.size < 1_000_000 ? `${Math.ceil(blob.size / 1000)} kB` : `${(blob.size / 1_000_000).toFixed(1)} MB`;
  return `${width} × ${height} pixels, ${bytes}`;
}
