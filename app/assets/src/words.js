/** Sentences in the page's language, from the template in components/_words.html. */

/** The sentence named `key`; the key itself if the page lacks it. */
export function word(key) {
  const template = document.getElementById("words");
  return template?.content.querySelector(`[data-word="${key}"]`)?.textContent ?? key;
}
