/** Small pictures of photos on this device, made one after the other as they come into view. */

const SIZE = 96;
const MARGIN = "200px";

/** `bytesOf(clientId)` resolves to an ArrayBuffer. Returns `show(place, operation)`. */
export function pictures(bytesOf) {
  const wanted = new Map();
  let isBusy = false;
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const one = wanted.get(target);
      if (one) one.isSeen = isIntersecting;
    }
    work();
  }, { rootMargin: MARGIN });

  async function work() {
    if (isBusy) return;
    isBusy = true;
    for (let next = nextSeen(); next; next = nextSeen()) await make(...next);
    isBusy = false;
  }

  function nextSeen() {
    return [...wanted].find(([, { isSeen }]) => isSeen);
  }

  async function make(place, { clientId }) {
    wanted.delete(place);
    observer.unobserve(place);
    // What this browser cannot show (HEIC, a damaged file) keeps its sign.
    const picture = await bytesOf(clientId).then(small).catch(() => null);
    if (picture) place.replaceChildren(picture);
  }

  return (place, { clientId }) => {
    wanted.set(place, { clientId, isSeen: false });
    observer.observe(place);
  };
}

async function small(bytes) {
  const bitmap = await createImageBitmap(new Blob([bytes]));
  const scale = SIZE / Math.min(bitmap.width, bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  canvas.getContext("2d").drawImage(bitmap, (SIZE - width) / 2, (SIZE - height) / 2, width, height);
  bitmap.close();
  return canvas;
}
