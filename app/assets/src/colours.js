/** Keeps a colour picker and its hex text equal; the text is submitted. */

const COLOUR = /^#[0-9a-f]{6}$/i;

export function watchColours() {
  document.addEventListener("input", ({ target }) => {
    const pair = target.closest?.("[data-colour]");
    if (!pair) return;
    const picker = pair.querySelector('[type="color"]');
    const text = pair.querySelector('[type="text"]');
    if (target === picker) text.value = picker.value;
    else if (COLOUR.test(text.value.trim())) picker.value = text.value.trim().toLowerCase();
  });
}
