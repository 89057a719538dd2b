/**
 * The map to choose a project's place. It has no tiles. Zoomed out, it shows the outline of the
  * land, to find the region; zoomed in, the circle around the site in which its photos are expected.
  * At every zoom it has a graticule with degrees, a scale, and a pin that follows the typed
  * coordinates and changes them. Only its page loads it, and it shares nothing with app.js, so that
  * no other page grows.
 */
import {
  Circle, Control, DivIcon, GridLayer, LatLng, Map as LeafletMap, Marker, Polygon, SVG as SvgRenderer,
} from "leaflet/dist/leaflet-src.esm.js";
import land from "land";

const SVG = "http://www.w3.org/2000/svg";
const NEAR = 16;
const LINES_APART = 80;
// Closer than this, the outline is off by tens of kilometres and would mislead.
const LAND_UNTIL = 5;
// The outline's own unit (build/land.mjs).
const PER_DEGREE = 4;
// Web Mercator ends here.
const MOST_NORTH = 85.05;
const WORLD = [
  [-MOST_NORTH, -180],
  [MOST_NORTH, 180],
];
const STRIDES = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] };

/** Degrees between two lines, never closer than LINES_APART: 1, 2 or 5 times a power of ten, and
    parts of the circle where that is too coarse. */
function stepAt(zoom) {
  const least = (LINES_APART * 360) / (256 * 2 ** zoom);
  if (least > 5) return [10, 15, 30, 45, 60].find((step) => step >= least) ?? 90;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((times) => times * power).find((step) => step >= least);
}

/** The multiples of `step` between `first` and `last`, in either order. */
function multiples(step, first, last) {
  const [low, high] = [Math.min(first, last), Math.max(first, last)];
  const from = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - from + 1 }, (_, n) => (from + n) * step);
}

const Graticule = GridLayer.extend({
  createTile(coords) {
    const size = this.getTileSize();
    const start = coords.scaleBy(size);
    const [first, last] = [start, start.add(size)].map((point) => this._map.unproject(point, coords.z));
    const step = stepAt(coords.z);
    const place = (lat, lng) => this._map.project([lat, lng], coords.z).subtract(start).round();
    const down = multiples(step, first.lng, last.lng).map((lng) => `M${place(0, lng).x + 0.5} 0V${size.y}`);
    const across = multiples(step, first.lat, last.lat).map((lat) => `M0 ${place(lat, 0).y + 0.5}H${size.x}`);
    const tile = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", [...down, ...across].join(""));
    tile.append(path);
    return tile;
  },
});

/** The labels of the lines: longitudes at the top, latitudes at the right. */
function labelEdges(map) {
  const box = document.createElement("div");
  box.className = "site-map-degrees";
  box.setAttribute("aria-hidden", "true");
  map.getContainer().append(box);
  const draw = () => {
    const [bounds, size, step] = [map.getBounds(), map.getSize(), stepAt(map.getZoom())];
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const label = (degrees, x, y, kind) => {
      const made = document.createElement("span");
      made.className = kind;
      made.textContent = `${degrees.toFixed(digits).replace("-", "−")}°`;
      made.style.transform = `translate(${x}px, ${y}px)`;
      return made;
    };
    const above = multiples(step, Math.max(bounds.getWest(), -180), Math.min(bounds.getEast(), 180))
      .map((lng) => [lng, map.latLngToContainerPoint([0, lng]).x])
      .filter(([, x]) => x > 60 && x < size.x - 90)
      .map(([lng, x]) => label(lng, x, 0, "is-longitude"));
    const aside = multiples(step, Math.max(bounds.getSouth(), -MOST_NORTH), Math.min(bounds.getNorth(), MOST_NORTH))
      .map((lat) => [lat, map.latLngToContainerPoint([lat, 0]).y])
      .filter(([, y]) => y > 24 && y < size.y - 8)
      .map(([lat, y]) => label(lat, 0, y, "is-latitude"));
    box.replaceChildren(...above, ...aside);
  };
  map.on("move zoomend resize", draw);
  draw();
}

/** The land below the graticule, while the map shows much of the world. */
function showLand(map) {
  // Draw only the part around the view, with a wide margin, because a drag shows it at once.
  map.createPane("land").style.zIndex = 150;
  const renderer = new SvgRenderer({ pane: "land", padding: 1 });
  const options = { className: "site-land", interactive: false, pane: "land", renderer };
  // Land that continues past the antimeridian is also drawn at the other edge.
  const turns = [-360, 0, 360];
  const polygons = turns.flatMap((turn) => land.map((rings) => rings.map((ring) => placesOf(ring, turn))));
  const outline = new Polygon(polygons, options);
  const draw = () => (map.getZoom() <= LAND_UNTIL ? outline.addTo(map) : outline.remove());
  map.on("zoomend", draw);
  draw();
}

/** [lng, lat, dlng, dlat...] as Leaflet's [lat, lng] pairs, moved by `turn` degrees. */
function placesOf(steps, turn) {
  let [lng, lat] = [0, 0];
  return Array.from({ length: steps.length / 2 }, (_, n) => {
    lng += steps[2 * n];
    lat += steps[2 * n + 1];
    return [lat / PER_DEGREE, lng / PER_DEGREE + turn];
  });
}

function pinIcon() {
  const pin = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  const eye = document.createElementNS(SVG, "circle");
  pin.setAttribute("viewBox", "0 0 28 36");
  path.setAttribute("d", "M14 35C10 28 2 22 2 13.5a12 12 0 0 1 24 0C26 22 18 28 14 35Z");
  for (const [name, value] of [["cx", 14], ["cy", 13.5], ["r", 4.5]]) eye.setAttribute(name, value);
  pin.append(path, eye);
  return new DivIcon({ html: pin, className: "site-pin", iconSize: [48, 48], iconAnchor: [24, 46] });
}

/** Degrees as in the form, with comma or point; null if they are no valid place. */
function degrees(input, limit) {
  const text = input.value.trim().replace(",", ".").replace("−", "-");
  const number = Number(text);
  return text && Math.abs(number) <= limit ? number : null;
}

function picker(box) {
  const inputs = ["latitude", "longitude", "radius"].map((name) => document.querySelector(box.dataset[name]));
  const [latitude, longitude, radius] = inputs;
  const map = new LeafletMap(box, {
    attributionControl: false, zoomControl: false, maxBounds: WORLD, maxBoundsViscosity: 1, maxZoom: 19,
  });
  new Control.Zoom({ zoomInTitle: box.dataset.zoomIn, zoomOutTitle: box.dataset.zoomOut }).addTo(map);
  new Control.Scale({ imperial: false }).addTo(map);
  const marker = new Marker([0, 0], { icon: pinIcon(), draggable: true, autoPan: true, title: box.dataset.pin });
  const around = new Circle([0, 0], { radius: 1, className: "site-accuracy", interactive: false });
  const expected = new Circle([0, 0], { radius: 1, className: "site-radius", interactive: false });

  const typed = () => {
    const [lat, lng] = [degrees(latitude, 90), degrees(longitude, 180)];
    return lat === null || lng === null ? null : [lat, lng];
  };
  const say = ({ lat, lng }) => {
    around.remove();
    latitude.value = lat.toFixed(6);
    longitude.value = lng.toFixed(6);
  };
  const metresAround = () => Number(radius.value.trim()) || 0;
  // As near as possible with the whole circle in view.
  const nearTo = (place) => Math.min(NEAR, map.getBoundsZoom(new LatLng(...place).toBounds(2 * metresAround())));
  const encircle = () => {
    const metres = metresAround();
    if (metres > 0 && map.hasLayer(marker)) expected.setLatLng(marker.getLatLng()).setRadius(metres).addTo(map);
    else expected.remove();
  };
  const put = (place) => {
    marker.setLatLng(place).addTo(map);
    marker.getElement().setAttribute("aria-label", box.dataset.pin);
    encircle();
  };
  const follow = () => {
    around.remove();
    const place = typed();
    if (!place) {
      if (!latitude.value.trim() && !longitude.value.trim()) marker.remove();
      return encircle();
    }
    const isSeen = map.hasLayer(marker) && map.getBounds().contains(place);
    put(place);
    if (!isSeen) map.setView(place, Math.max(map.getZoom(), nearTo(place)), { animate: false });
  };
  const stride = (event) => {
    const by = STRIDES[event.key];
    if (!by || !marker.getElement()?.contains(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    put(map.unproject(map.project(marker.getLatLng()).add(by)));
    say(marker.getLatLng());
  };

  // As far out as the world fills the map. Without animation, because a running zoom would undo it.
  const whole = map.setView([0, 0], 1).getBoundsZoom(WORLD, true);
  map.setView(typed() ?? [0, 0], typed() ? nearTo(typed()) : whole, { animate: false }).setMinZoom(whole);
  showLand(map);
  new Graticule({ noWrap: true, bounds: WORLD, keepBuffer: 1 }).addTo(map);
  labelEdges(map);
  if (typed()) put(typed());
  map.on("click", ({ latlng }) => {
    put(latlng);
    say(marker.getLatLng());
  });
  marker.on("drag", () => {
    say(marker.getLatLng());
    encircle();
  });
  // In the capturing phase, before the map handles the arrow keys.
  box.addEventListener("keydown", stride, true);
  for (const input of [latitude, longitude]) input.addEventListener("input", follow);
  radius.addEventListener("input", encircle);
  document.addEventListener("laudo:position", ({ detail }) => {
    follow();
    around.setLatLng(typed()).setRadius(Number(detail.accuracy)).addTo(map);
    map.fitBounds(around.getBounds(), { maxZoom: NEAR, animate: false });
  });
  new ResizeObserver(() => map.invalidateSize()).observe(box);
}

const box = document.querySelector("[data-site-map]");
if (box) picker(box);
