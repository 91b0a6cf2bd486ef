// Counts the words of one document.

export const handler = async ({ number, document, ignore }) => {
  const words = {};
  for (const [word] of document.text.toLowerCase().matchAll(/[a-z]+/g)) {
    if (!ignore.includes(word)) words[word] = (words[word] ?? 0) + 1;
  }
  return { number, title: document.title, words };
};
