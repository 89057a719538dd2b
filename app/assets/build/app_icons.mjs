/**
 * The icons of the installed app as PNG, drawn from src/favicon.svg: a rounded square and strokes.
 *
 * A maskable icon is cut to any shape by the phone, so its ground reaches the edges and its drawing
 * stays within the inner 80 %.
 */
import { crc32, deflateSync } from "node:zlib";

const SAMPLES = 4;

/** The PNG of the drawing at `size` pixels. `isWhole` fills the square up to its corners. */
export function appIcon(svg, size, { isWhole = false, scale = 1 } = {}) {
  const drawing = read(svg);
  const pixels = Buffer.alloc(size * (size * 4 + 1));
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const at = y * (size * 4 + 1) + 1 + x * 4;
      pixels.set(pixel(drawing, x, y, size, isWhole, scale), at);
    }
  }
  return png(size, pixels);
}

/** {edge, radius, ground, ink, width, lines} of the favicon. Throws at a drawing of other shapes. */
function read(svg) {
  const rect = /<rect width="(\d+)" height="\1" rx="(\d+)" fill="(#[0-9a-f]{6})"\/>/.exec(svg);
  const path = /<path d="([^"]+)" fill="none" stroke="(#[0-9a-f]{3})" stroke-width="([\d.]+)"/.exec(svg);
  if (!rect || !path) throw new Error("favicon.svg is not one rounded square and one path");
  const ink = path[2].replace(/[0-9a-f]/g, "$&$&");
  return {
    edge: Number(rect[1]),
    radius: Number(rect[2]),
    ground: colour(rect[3]),
    ink: colour(ink),
    width: Number(path[3]),
    lines: linesOf(path[1]),
  };
}

function colour(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** The straight lines of a path of M, L, l, h and v, as [x1, y1, x2, y2]. */
function linesOf(path) {
  const lines = [];
  let [x, y] = [0, 0];
  for (const [, command, given] of path.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
    const numbers = (given.match(/-?[\d.]+/g) ?? []).map(Number);
    const steps = { M: 2, L: 2, l: 2, h: 1, v: 1 }[command];
    if (!steps || numbers.length % steps) throw new Error(`favicon.svg: cannot draw ${command}${given}`);
    for (let at = 0; at < numbers.length; at += steps) {
      const [one, other] = numbers.slice(at, at + steps);
      const to = {
        M: [one, other],
        L: [one, other],
        l: [x + one, y + other],
        h: [x + one, y],
        v: [x, y + one],
      }[command];
      if (command !== "M" || at) lines.push([x, y, ...to]);
      [x, y] = to;
    }
  }
  return lines;
}

/** RGBA of one pixel, the mean of SAMPLES x SAMPLES points. */
function pixel(drawing, x, y, size, isWhole, scale) {
  const sum = [0, 0, 0, 0];
  for (let n = 0; n < SAMPLES * SAMPLES; n += 1) {
    const across = (x + ((n % SAMPLES) + 0.5) / SAMPLES) / size;
    const down = (y + (Math.floor(n / SAMPLES) + 0.5) / SAMPLES) / size;
    const found = pointColour(drawing, across * drawing.edge, down * drawing.edge, isWhole, scale);
    if (found) [...found, 255].forEach((part, at) => (sum[at] += part));
  }
  const points = sum[3] / 255;
  return [...sum.slice(0, 3).map((part) => (points ? part / points : 0)), sum[3] / SAMPLES ** 2];
}

function pointColour({ edge, radius, ground, ink, width, lines }, x, y, isWhole, scale) {
  if (!isWhole && isOutside(edge, radius, x, y)) return null;
  const [inX, inY] = [x, y].map((part) => edge / 2 + (part - edge / 2) / scale);
  return lines.some((line) => distance(line, inX, inY) <= width / 2) ? ink : ground;
}

function isOutside(edge, radius, x, y) {
  const [beyondX, beyondY] = [x, y].map((at) => Math.max(radius - at, at - (edge - radius), 0));
  return Math.hypot(beyondX, beyondY) > radius;
}

/** From a point to a line with round ends. */
function distance([x1, y1, x2, y2], x, y) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const along = ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1);
  const at = Math.min(1, Math.max(0, along));
  return Math.hypot(x - x1 - at * dx, y - y1 - at * dy);
}

function png(size, rows) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const content = deflateSync(rows, { level: 9 });
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", content), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type, content) {
  const made = Buffer.alloc(content.length + 12);
  made.writeUInt32BE(content.length, 0);
  made.write(type, 4, "latin1");
  made.set(content, 8);
  made.writeUInt32BE(crc32(made.subarray(4, content.length + 8)), content.length + 8);
  return made;
}
