/** The device's position. Never delays a photo by more than eight seconds. */

const PATIENCE_MS = 8000;
const OPTIONS = { enableHighAccuracy: true, maximumAge: 30_000, timeout: PATIENCE_MS };

/** Resolves to {latitude, longitude, accuracy, position_at}, or null if unavailable. */
export function positionNow() {
  if (!navigator.geolocation || !isSecureContext) return Promise.resolve(null);
  return new Promise((resolve) => {
    // The browser's own timeout does not include the permission prompt.
    setTimeout(() => resolve(null), PATIENCE_MS);
    navigator.geolocation.getCurrentPosition(
      ({ coords, timestamp }) =>
        resolve({
          latitude: coords.latitude.toFixed(6),
          longitude: coords.longitude.toFixed(6),
          accuracy: coords.accuracy.toFixed(1),
          position_at: new Date(timestamp).toISOString(),
        }),
      () => resolve(null),
      OPTIONS,
    );
  });
}
