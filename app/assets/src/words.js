/** Sentences of the page's language, from the template that components/_words.html draws. */

/** The sentence named `key`; the key itself where the page does not have it. */
export function word(key) {
  const template = document.getElementById("words");
  return template?.content.querySelector(`[data-word="${key}"]`)?.textContent ?? key;
}
