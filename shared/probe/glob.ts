/** `*` and `?` as bpftrace takes them, of whole names. At most pattern times text steps: no regular expression. */
export function globTest(pattern: string): (text: string) => boolean {
  return (text) => {
    let [at, next, star, from] = [0, 0, -1, 0];
    while (at < text.length) {
      const wanted = pattern[next];
      if (wanted === '*') {
        star = next++;
        from = at;
      } else if (wanted === '?' || wanted === text[at]) {
        next++;
        at++;
      } else if (star >= 0) {
        next = star + 1;
        at = ++from;
      } else return false;
    }
    while (pattern[next] === '*') next++;
    return next === pattern.length;
  };
}
