/** The pad on which signatures are drawn: its canvas, its two buttons, and what was drawn. */
import SignaturePad from "signature_pad";

// Ink on white paper in both themes, as in the PDF.
const INK = "#0b1f3a";
const MAX_RATIO = 2;

/** Make the canvas of a form a pad; calls `onChange` after each stroke and each change of the form. */
export function startPad(form, onChange) {
  const canvas = form.querySelector("canvas");
  const pad = new SignaturePad(canvas, { penColor: INK, minWidth: 0.8, maxWidth: 2.8 });
  const undo = form.querySelector("[data-signature-undo]");
  const clear = form.querySelector("[data-signature-clear]");
  const changed = () => {
    undo.disabled = clear.disabled = pad.isEmpty();
    onChange(pad);
  };
  pad.addEventListener("endStroke", changed);
  form.addEventListener("input", changed);
  undo.addEventListener("click", () => {
    pad.fromData(pad.toData().slice(0, -1));
    changed();
  });
  clear.addEventListener("click", () => {
    pad.clear();
    changed();
  });
  changed();
  new ResizeObserver(() => fit(canvas, pad)).observe(canvas.parentElement);
  return pad;
}

/** Match the canvas to its place and the screen; scales the drawing with it. */
export function fit(canvas, pad) {
  const { clientWidth, clientHeight } = canvas.parentElement;
  const before = Number(canvas.dataset.width);
  if (!clientWidth || clientWidth === before) return;
  const strokes = pad.toData();
  const scale = before ? clientWidth / before : 1;
  const ratio = Math.min(MAX_RATIO, Math.max(1, devicePixelRatio));
  canvas.width = clientWidth * ratio;
  canvas.height = clientHeight * ratio;
  canvas.dataset.width = clientWidth;
  canvas.getContext("2d").scale(ratio, ratio);
  for (const { points } of strokes) {
    for (const point of points) {
      point.x *= scale;
      point.y *= scale;
    }
  }
  pad.clear();
  pad.fromData(strokes);
}

/** The drawing as a PNG, and its strokes as the server reads them. */
export async function drawn(pad) {
  const png = await new Promise((resolve) => pad.canvas.toBlob(resolve, "image/png"));
  const strokes = pad.toData().map(({ points }) => points.map(({ x, y, time }) => [x, y, time]));
  const { clientWidth: width, clientHeight: height } = pad.canvas;
  return { png, strokes: { width, height, strokes } };
}
