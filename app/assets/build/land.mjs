/**
 * The outline of the world's land, for the map on which a project's place is picked: Natural Earth
 * at 1:110 million (public domain), from the package world-atlas, in quarters of a degree.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const PER_DEGREE = 4;

/** esbuild plugin: resolves "land" to the polygons, each a list of rings [lng, lat, dlng, dlat...]. */
export function landPlugin(assets) {
  return {
    name: "land",
    setup(build) {
      build.onResolve({ filter: /^land$/ }, () => ({ path: "land", namespace: "land" }));
      build.onLoad({ filter: /.*/, namespace: "land" }, async () => ({
        contents: JSON.stringify(await polygons(assets)),
        loader: "json",
      }));
    },
  };
}

/** The file is TopoJSON: polygons name arcs, and an arc is a list of steps on a grid. */
async function polygons(assets) {
  const path = join(assets, "node_modules/world-atlas/land-110m.json");
  const { objects, arcs, transform } = JSON.parse(await readFile(path, "utf8"));
  const places = arcs.map((arc) => placesOf(arc, transform));
  const ring = (indexes) => steps(unwrapped(indexes.flatMap((index) => (index < 0 ? places[~index].toReversed() : places[index]))));
  return objects.land.geometries
    .flatMap((geometry) => geometry.arcs)
    .map((rings) => rings.map(ring).filter(({ length }) => length > 6))
    .filter(({ length }) => length);
}

function placesOf(arc, { scale, translate }) {
  const at = [0, 0];
  return arc.map((step) =>
    step.map((by, axis) => {
      at[axis] += by;
      return Math.round((at[axis] * scale[axis] + translate[axis]) * PER_DEGREE);
    }),
  );
}

/**
 * A ring that crosses the antimeridian goes on past 180 degrees instead of back across the whole
 * map. Antarctica ends a turn away from where it began: it is closed along the pole.
 */
function unwrapped(ring) {
  const half = 180 * PER_DEGREE;
  let turns = 0;
  const made = ring.map(([lng, lat], n) => {
    const by = n ? lng - ring[n - 1][0] : 0;
    if (Math.abs(by) > half) turns -= Math.sign(by) * 2 * half;
    return [lng + turns, lat];
  });
  const pole = -90 * PER_DEGREE;
  return turns ? [...made, [made.at(-1)[0], pole], [made[0][0], pole]] : made;
}

/** A ring as its first place and the steps from each place to the next, without steps of nothing. */
function steps(ring) {
  const flat = [];
  let [lng, lat] = [0, 0];
  for (const [nextLng, nextLat] of ring) {
    if (flat.length && nextLng === lng && nextLat === lat) continue;
    flat.push(nextLng - lng, nextLat - lat);
    [lng, lat] = [nextLng, nextLat];
  }
  return flat;
}
