// Random JSONata expressions and documents. Most expressions mean something: they use names that the documents have,
// functions with arguments that mostly fit, and all of the syntax.

export class Generator {
  #state;

  constructor(seed) {
    this.#state = (seed * 2654435769) >>> 0 || 1;
  }

  // mulberry32
  #next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  integer(from, to) {
    return from + Math.floor(this.#next() * (to - from + 1));
  }

  #chance(probability) {
    return this.#next() < probability;
  }

  #pick(list) {
    return list[this.integer(0, list.length - 1)];
  }

  // Of [weight, make] pairs.
  #weighted(pairs) {
    let at = this.#next() * pairs.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, make] of pairs) if ((at -= weight) < 0) return make();
    return pairs[0][1]();
  }

  string() {
    return this.#pick(["", "a", "b", "abc", "Hello World", "10", "3.5", "a,b,c", "ä€z", "  x  y ", "2020-02-29T10:20:30Z", "aGk=", "a b&c"]);
  }

  number() {
    return this.#pick([0, 1, 2, 3, -1, 5, 10, 2.5, -0.5, 100, 1e6, 0.1, 12345.678]);
  }

  value(depth) {
    return this.#weighted([
      [3, () => this.number()],
      [3, () => this.string()],
      [1, () => this.#chance(0.5)],
      [0.5, () => null],
      [depth > 0 ? 2 : 0, () => Array.from({ length: this.integer(0, 3) }, () => this.value(depth - 1))],
      [depth > 0 ? 2 : 0, () => this.#object(depth)],
    ]);
  }

  #object(depth) {
    const object = {};
    for (let i = this.integer(0, 3); i > 0; i--) object[this.#name()] = this.value(depth - 1);
    return object;
  }

  document() {
    const item = () => ({ id: this.integer(0, 5), name: this.string(), price: this.number(), tags: this.#chance(0.7) ? ["a", this.string()] : "a" });
    return {
      a: this.value(3),
      b: { c: this.value(2), d: this.#chance(0.5) ? [{ e: 1 }, { e: this.value(1) }] : { e: 2 } },
      items: Array.from({ length: this.integer(0, 4) }, item),
      numbers: Array.from({ length: this.integer(0, 4) }, () => this.number()),
      words: Array.from({ length: this.integer(0, 4) }, () => this.string()),
      nested: [[1, 2], [3, [4]], []],
      s: this.string(),
      n: this.number(),
      t: true,
      nothing: null,
    };
  }

  #name() {
    return this.#pick(["a", "b", "c", "d", "e", "id", "name", "price", "tags"]);
  }

  expression(depth = 4) {
    return this.#weighted([
      [depth > 0 ? 5 : 0, () => this.#path(depth)],
      [depth > 0 ? 4 : 0, () => this.#call(depth)],
      [depth > 0 ? 3 : 0, () => this.#binary(depth)],
      [depth > 0 ? 1 : 0, () => this.#literal(depth)],
      [depth > 0 ? 1 : 0, () => this.#control(depth)],
      [depth > 0 ? 0.4 : 0, () => this.#rare(depth)],
      [2, () => this.#atom()],
    ]);
  }

  #atom() {
    return this.#weighted([
      [4, () => this.#root()],
      [2, () => JSON.stringify(this.number())],
      [2, () => JSON.stringify(this.string())],
      [1, () => this.#pick(["true", "false", "null", "$", "$$", "$v", "$n", "$s", "$unknown", "missing"])],
    ]);
  }

  #root() {
    return this.#pick(["a", "b", "b.c", "b.d", "b.d.e", "items", "items.name", "items.price", "numbers", "words", "nested", "s", "n", "t", "nothing", "$v", "*", "items.tags"]);
  }

  #numbers(depth) {
    return this.#chance(0.7) ? this.#pick(["numbers", "items.price", "[1,2,3]", "[1..4]", "n", "$n", "items.id"]) : this.expression(depth - 1);
  }

  #text(depth) {
    return this.#chance(0.75) ? this.#pick(["s", "$s", "words[0]", "items[0].name", JSON.stringify(this.string())]) : this.expression(depth - 1);
  }

  #array(depth) {
    return this.#chance(0.75) ? this.#pick(["items", "numbers", "words", "nested", "[1,2,3]", "$v", "items.tags"]) : this.expression(depth - 1);
  }

  #path(depth) {
    let text = this.#chance(0.2) ? `(${this.expression(depth - 1)})` : this.#root();
    for (let i = this.integer(0, 2); i > 0; i--) {
      text += this.#weighted([
        [4, () => `.${this.#name()}`],
        [2, () => `[${this.#predicate(depth)}]`],
        [0.7, () => "[]"],
        [0.6, () => ".*"],
        [0.3, () => ".**"],
        [0.5, () => `.(${this.expression(depth - 1)})`],
        [0.4, () => `.[${this.expression(depth - 1)}]`],
        [0.3, () => `.{${JSON.stringify(this.#name())}: ${this.expression(depth - 1)}}`],
        [0.3, () => `^(${this.#pick(["", ">", "<"])}${this.#pick(["id", "price", "$", "name"])})`],
        [0.3, () => `{$string(${this.#pick(["id", "name", "$"])}): ${this.expression(depth - 1)}}`],
        [0.3, () => `#$i[$i ${this.#pick(["<", ">", "="])} ${this.integer(0, 2)}]`],
        [0.3, () => `@$o.(${this.#pick(["$o", "$o.id", "$"])})`],
        [0.3, () => `.${this.#name()}.%`],
        [0.3, () => `.$${this.#pick(["string()", "uppercase()", "length()", "type()", "keys()", "count()"])}`],
      ]);
    }
    return text;
  }

  #predicate(depth) {
    return this.#weighted([
      [2, () => String(this.integer(-2, 3))],
      [2, () => `${this.#pick(["id", "price", "$"])} ${this.#pick([">", "<", "=", "!=", ">=", "<="])} ${this.#pick(["1", "2", "'a'", "n"])}`],
      [1, () => `${this.#pick(["id", "price"])} in [1, 2, 3]`],
      [0.7, () => "[0, -1]"],
      [0.7, () => this.expression(depth - 1)],
    ]);
  }

  #binary(depth) {
    const operator = this.#pick(["+", "-", "*", "/", "%", "&", "&", "=", "!=", "<", "<=", ">", ">=", "and", "or", "in"]);
    const side = () => {
      const text = /[-+*/%]/.test(operator) && this.#chance(0.7) ? this.#numbers(0) : this.expression(depth - 1);
      return this.#chance(0.6) ? text : `(${text})`;
    };
    return `${side()} ${operator} ${side()}`;
  }

  #literal(depth) {
    return this.#weighted([
      [1, () => `[${Array.from({ length: this.integer(0, 3) }, () => this.expression(depth - 1)).join(", ")}]`],
      [1, () => `{${Array.from({ length: this.integer(0, 3) }, (_, i) => `"k${i}": ${this.expression(depth - 1)}`).join(", ")}}`],
      [0.5, () => `[${this.integer(-2, 3)}..${this.#chance(0.7) ? this.integer(-2, 6) : this.expression(depth - 1)}]`],
    ]);
  }

  #control(depth) {
    const inner = () => this.expression(depth - 1);
    return this.#weighted([
      [2, () => `(${inner()} ? ${inner()} : ${inner()})`],
      [0.5, () => `(${inner()} ? ${inner()})`],
      [1, () => `($x := ${inner()}; ${this.#pick(["$x", "[$x, $x]", "$x.id", "$count($x)", "{'x': $x}"])})`],
      [1, () => `($f := function($x, $y) { ${this.#pick(["$x", "$string($x) & 'y'", "[$x, $y]", "$x + 1"])} }; $f(${inner()}, ${inner()}))`],
      [0.5, () => `($f := $substring(?, ${this.integer(-2, 2)}, ?); $f(${JSON.stringify(this.string())}, 2))`],
      [0.7, () => `${this.#array(depth)} ~> ${this.#pick(["$count", "$string", "$reverse", "$sum()", "$map(function($x) { $x })", "$append(1)", "$type", "$distinct"])}`],
      [0.4, () => `(${this.#array(depth)} ~> ${this.#pick(["$reverse ~> $string", "$count ~> $string"])})`],
      [0.4, () => `($loop := function($k) { $k < 4 ? $loop($k + 1) : $k }; $loop(${this.#numbers(depth)}))`],
      [0.4, () => `-(${this.#numbers(depth)})`],
    ]);
  }

  #rare(depth) {
    return this.#weighted([
      [1, () => `$ ~> | ${this.#pick(["items", "b", "b.d", "**", "a"])} | {"new": ${this.expression(depth - 1)}}${this.#pick(["", ", 'id'", ", ['id', 'e']", ", 1"])} |`],
      [0.5, () => `function($x)<${this.#pick(["s:s", "n-:n", "a<n>:n", "x?:x", "(sn):s", "o-s:x"])}>{ $x }(${this.expression(depth - 1)})`],
      [0.5, () => `items.${this.#name()}.(%.${this.#name()} & "")`],
      [0.3, () => `items@$i.words@$w[$i.name = $w].{"i": $i.id, "w": $w}`],
      [0.4, () => `${this.expression(depth - 1)} ${this.#pick([")", "]", "+", "..", "?", ":", "@", "as", "~>", ".", "'"])}`],
    ]);
  }

  #call(depth) {
    const any = () => this.expression(depth - 1);
    const n = () => this.#numbers(depth);
    const t = () => this.#text(depth);
    const list = () => this.#array(depth);
    const small = () => String(this.integer(-3, 5));
    const regex = () => this.#pick(["/a/", "/[a-c]+/", "/(l+)(o)?/", "/\\d+/", "/ /", "/A/i", "/^x|y$/"]);
    const one = (name, ...parts) => `$${name}(${parts.join(", ")})`;
    const lambda1 = () => this.#pick(["function($x) { $x }", "function($x, $i) { $i }", "function($x) { $string($x) }", "$string", "function($x) { $x > 1 }", "function($x) { $x.id }", "$uppercase"]);
    return this.#pick([
      () => one(this.#pick(["sum", "max", "min", "average"]), n()),
      () => one(this.#pick(["count", "reverse", "distinct", "sort", "spread", "merge", "zip"]), list()),
      () => one(this.#pick(["string", "boolean", "not", "exists", "type", "keys", "number", "length", "clone"]), any()),
      () => one("string", any(), "true"),
      () => one(this.#pick(["lowercase", "uppercase", "trim", "length", "number", "base64encode", "base64decode", "encodeUrl", "encodeUrlComponent", "decodeUrl"]), t()),
      () => one("substring", t(), small(), small()),
      () => one("substring", t(), small()),
      () => one(this.#pick(["substringBefore", "substringAfter", "contains"]), t(), this.#pick(["'b'", "' '", "''", t()])),
      () => one("contains", t(), regex()),
      () => one("pad", t(), this.integer(-12, 12), this.#pick(["'-'", "'ab'", "''", "' '"])),
      () => one("split", t(), this.#pick(["','", "''", "' '", regex()])),
      () => one("split", t(), this.#pick(["','", "''", regex()]), small()),
      () => one("join", this.#pick(["words", "items.name", list()]), this.#pick(["','", "''", t()])),
      () => one("join", this.#pick(["words", "items.tags"])),
      () => one("match", t(), regex()),
      () => one("match", t(), regex(), small()),
      () => one("replace", t(), this.#pick(["'a'", "' '", regex()]), this.#pick(["'-'", "'[$0]'", "'$1$2'", "'$$'"])),
      () => one("replace", t(), regex(), "function($m) { $uppercase($m.match) }"),
      () => one(this.#pick(["length", "uppercase", "trim", "base64encode", "encodeUrl"]), "'ä€😀z'"),
      () => one("substring", "'ä€😀z'", small(), small()),
      () => one("replace", t(), regex(), "'x'", small()),
      () => one(this.#pick(["abs", "floor", "ceil", "sqrt"]), n()),
      () => one("round", n(), small()),
      () => one("power", n(), small()),
      () => one("formatBase", n(), this.integer(1, 37)),
      () => one("formatNumber", n(), this.#pick(["'#,##0.00'", "'0'", "'#0%'", "'(#)'", "'#,##0;(#,##0)'", "'#.##'", "'###,###.0##'"])),
      () => one("formatInteger", n(), this.#pick(["'w'", "'W'", "'Ww'", "'I'", "'i'", "'a'", "'A'", "'000'", "'#,##0'", "'1;o'", "'w;o'"])),
      () => one("parseInteger", this.#pick(["'12'", "'xii'", "'one hundred and two'", t()]), this.#pick(["'0'", "'i'", "'w'"])),
      () => one("fromMillis", this.#pick(["0", "1582971630123", "n", "-86400000"])),
      () => one("fromMillis", this.#pick(["0", "1582971630123", "n"]), this.#pick(["'[Y]-[M01]-[D01]'", "'[FNn], [D1o] [MNn] [Y]'", "'[H01]:[m01]:[s01].[f001] [Z]'", "'[X0001]-W[W01]-[F1]'", "'[h]:[m] [P]'"])),
      () => one("fromMillis", "1582971630123", "'[H01]:[m01] [z]'", this.#pick(["'+0200'", "'-0530'", "'0000'"])),
      () => one("toMillis", this.#pick(["s", "'2020-02-29'", "'2020-02-29T10:20:30+02:00'", "'2020'"])),
      () => one("toMillis", this.#pick(["'2020-02-29'", "'29/2/2020'"]), this.#pick(["'[Y]-[M]-[D]'", "'[D]/[M]/[Y]'"])),
      () => one("map", list(), lambda1()),
      () => one("filter", list(), lambda1()),
      () => one("single", list(), lambda1()),
      () => one("sift", this.#pick(["b", "items[0]", "a", any()]), this.#pick(["function($v, $k) { $k = 'id' }", "function($v) { $v }"])),
      () => one("each", this.#pick(["b", "items[0]", "a", any()]), this.#pick(["function($v, $k) { $k }", "function($v, $k) { $k & $string($v) }"])),
      () => one("reduce", n(), this.#pick(["function($p, $c) { $p + $c }", "function($p, $c, $i) { $p & $i }", "function($p) { $p }", "$append"])),
      () => one("reduce", list(), "function($p, $c) { $append($p, $c) }", this.#pick(["[]", "0", "'x'"])),
      () => one("sort", list(), this.#pick(["function($l, $r) { $l > $r }", "function($l, $r) { $l.price > $r.price }"])),
      () => one("append", any(), any()),
      () => one("lookup", this.#pick(["items", "b", "$", any()]), this.#pick(["'id'", "'name'", "'c'"])),
      () => one("zip", list(), list()),
      () => one("assert", any(), "'wrong'"),
      () => one("error", t()),
      () => one(this.#pick(["sum", "count", "string", "length", "keys", "uppercase"])),
      () => one(this.#pick(["sum", "string", "substring", "map", "not", "split", "round"]), any(), any()),
      () => `${this.#pick(["sum", "count", "s", "n"])}(${any()})`,
    ])();
  }
}
