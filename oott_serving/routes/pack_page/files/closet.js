// The clothes of the traveller: photos that the service has read, and what a person corrected.

import { element } from "./outfits.js";
import { openPhoto } from "../try/photos.js";
import { garmentsIn } from "../try/requests.js";

export class Closet {
  #list;
  #names;
  #key;
  #pieces = new Map();
  #added = 0;
  #withoutGarment = [];

  constructor(list, names, key) {
    this.#list = list;
    this.#names = names;
    this.#key = key;
  }

  /** Read a photo, and add its most confident garment. */
  async add(file) {
    const { blob } = await openPhoto(file);
    const { answer } = await garmentsIn(blob, this.#key());
    const [garment] = answer.garments;
    if (!garment) {
      this.#withoutGarment.push(file.name || "a photo");
      return;
    }
    const id = `${(this.#added += 1)}`;
    const piece = { id, label: garment.label, color: garment.full_color, address: URL.createObjectURL(blob) };
    this.#pieces.set(id, piece);
    this.#list.append(this.#item(piece));
  }

  /** The pieces as POST /recommend expects them. */
  pieces() {
    return [...this.#pieces.values()].map(({ id, label, color }) => ({ id, label, color }));
  }

  /** The address of the photo of a piece. */
  photoOf(id) {
    return this.#pieces.get(id)?.address;
  }

  summary() {
    const count = `Your closet has ${this.#pieces.size} pieces.`;
    const without = this.#withoutGarment.length ? ` No garment was found in ${this.#withoutGarment.join(", ")}.` : "";
    return count + without;
  }

  #item(piece) {
    const choice = (name, options, label) => {
      const select = element("select", { "aria-label": label }, ...options.map((option) =>
        element("option", { value: option.name, ...(option.name === piece[name] ? { selected: "" } : {}) }, option.name)));
      select.addEventListener("change", () => { piece[name] = select.value; });
      return select;
    };
    const remove = element("button", { type: "button" }, "Remove");
    const item = element("li", {}, element("img", { src: piece.address, alt: `Photo of ${piece.color} ${piece.label}` }),
      choice("label", this.#names.garments, "Garment"), choice("color", this.#names.colours, "Colour"), remove);
    remove.addEventListener("click", () => {
      this.#pieces.delete(piece.id);
      URL.revokeObjectURL(piece.address);
      item.remove();
    });
    return item;
  }
}
