/**
 * Whether a picture is blurred or dark, from its grey levels. Pure functions but for `greyOf`.
 *
 * A blurred picture has contrast, but no edge in it is steep. So each block with contrast is asked
 * how steep it gets for its contrast, and the sharpest ones decide: a background may be out of
 * focus. A picture without contrast (a wall, a lid) says nothing about its sharpness.
 */

// The picture is judged at this width, in pixels: blur that vanishes at this size does no harm in
// print. The thresholds were measured at it (tests/assets/test_sharpness.py).
export const WIDTH = 640;
const BLOCK = 16;
const LEAST_CONTRAST = 10;
const FEWEST_BLOCKS = 8;
const SHARPEST = 0.9;
export const LEAST_SHARPNESS = 0.14;
export const LEAST_MEAN = 32;
export const LEAST_BRIGHT = 80;
const BRIGHT = 0.98;

/** `grey` has a level (0 to 255) for each pixel, row by row. `sharpness` is null if nothing can be
 *  said. */
export function judge(grey, width, height) {
  const mean = meanOf(grey);
  const bright = percentile(Float32Array.from(grey), BRIGHT);
  const sharpness = sharpnessOf(grey, width, height);
  return {
    mean,
    bright,
    sharpness,
    isDark: mean < LEAST_MEAN && bright < LEAST_BRIGHT,
    isBlurred: sharpness !== null && sharpness < LEAST_SHARPNESS,
  };
}

function sharpnessOf(levels, width, height) {
  const grey = smoothed(levels, width, height);
  const found = [];
  // The outermost pixels are not smoothed.
  for (let top = 2; top + BLOCK < height - 1; top += BLOCK) {
    for (let left = 2; left + BLOCK < width - 1; left += BLOCK) {
      const steepness = steepnessOf(grey, width, left, top);
      if (steepness !== null) found.push(steepness);
    }
  }
  return found.length < FEWEST_BLOCKS ? null : percentile(Float32Array.from(found), SHARPEST);
}

/** Each level as the mean of the 3 x 3 around it: the sensor's noise is sharp, whatever the lens
 *  does. */
function smoothed(levels, width, height) {
  const grey = new Float32Array(levels.length);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      let sum = 0;
      for (let at = (y - 1) * width + x; at <= (y + 1) * width + x; at += width) {
        sum += levels[at - 1] + levels[at] + levels[at + 1];
      }
      grey[y * width + x] = sum / 9;
    }
  }
  return grey;
}

/** The deviation of a block's Laplacian by that of its levels; null without contrast. */
function steepnessOf(grey, width, left, top) {
  const levels = [];
  const edges = [];
  for (let y = top; y < top + BLOCK; y++) {
    for (let x = left; x < left + BLOCK; x++) {
      const at = y * width + x;
      levels.push(grey[at]);
      edges.push(grey[at - 1] + grey[at + 1] + grey[at - width] + grey[at + width] - 4 * grey[at]);
    }
  }
  const contrast = deviation(levels);
  return contrast < LEAST_CONTRAST ? null : deviation(edges) / contrast;
}

function meanOf(values) {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function deviation(values) {
  const mean = meanOf(values);
  let sum = 0;
  for (const value of values) sum += (value - mean) ** 2;
  return Math.sqrt(sum / values.length);
}

function percentile(values, share) {
  values.sort();
  return values[Math.min(values.length - 1, Math.floor(share * values.length))];
}

/** The grey levels of a picture file at WIDTH. Rejects what the browser cannot show (HEIC). */
export async function greyOf(bytes) {
  const bitmap = await createImageBitmap(new Blob([bytes]), { resizeWidth: WIDTH, resizeQuality: "high" });
  const { width, height } = bitmap;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let at = 0; at < grey.length; at++) {
    grey[at] = 0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2];
  }
  return { grey, width, height };
}
