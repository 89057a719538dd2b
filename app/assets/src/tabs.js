/** On a phone the tabs are wider than the screen: scroll to the current one. */
export function showOpenTab() {
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}
