// The reduction: one table of words from the tables of all documents. They come in the order of the documents,
// whichever was counted first.

export const handler = async ({ counts, top }) => {
  const total = {};
  for (const { words } of counts) {
    for (const [word, count] of Object.entries(words)) total[word] = (total[word] ?? 0) + count;
  }
  const ranked = Object.entries(total).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return {
    documents: counts.map(({ number, title }) => `${number}. ${title}`),
    distinctWords: ranked.length,
    top: ranked.slice(0, top).map(([word, count]) => ({ word, count })),
  };
};
