/**
 * Pinyin to characters: "zhangwei" cut into syllables, and for each the characters that it can stand for.
 *
 * Promises: pure, once the table is there; a name is what is typed here most, so that common surnames come first for
 * the first syllable and common given names after it; letters that are no pinyin give nothing. Leaves to others: the
 * table (simple-keyboard-layouts), and what is shown of it (keyboard.js).
 */

/** What `load` gives: characters by syllable, the most frequent first. @typedef {Map<string, string[]>} Table */

/** A cut: whole syllables, and perhaps the beginning of one more. @typedef {{text: string, whole: boolean}} Piece */

const SURNAMES =
  "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔" +
  "钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢" +
  "安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝" +
  "路游辛靳欧阳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏" +
  "宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝";

const GIVEN =
  "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文辉志海波峰鹏浩宇轩涵梓晨欣怡佳雨嘉子豪俊天一思琪" +
  "雪梅琳玲燕萍婷慧莉颖倩璐瑶洁莹雯菲晓春秋冬梦诗雅馨美晶凤珍淑云香兵斌彬健康永福生荣德光东南北成龙飞翔宏鸿林森" +
  "山川江河岩松柏青阳晖昊然博睿泽瑞祥昌盛兴旺利民庆安宁胜凯亮新立元清源正武和义仁礼智信忠孝良才学友朋家乐心悦可" +
  "欢喜佩珊瑜珂琦瑾瑛璇萱芸蓉莲荷菊蕾薇莎蓓丹彤彩虹星月桐楠";

const PREFIX_AT_MOST = 60;
const SYLLABLES_AT_MOST = 8;

/** @type {Promise<Table> | undefined} */
let table;

/** The table, loaded once; a page that is offline has it from its own store of files. @returns {Promise<Table>} */
export function load() {
  table ??= import("simple-keyboard-layouts/build/layouts/chinese.js")
    .then((module) => asTable(/** @type {any} */ (module.default).layoutCandidates))
    .catch((problem) => {
      table = undefined; // the next try may find it
      throw problem;
    });
  return table;
}

/** @returns {Table} */
export function asTable(/** @type {Record<string, string>} */ rows) {
  return new Map(Object.entries(rows).map(([syllable, row]) => [syllable, row.split(" ").filter((c) => c)]));
}

/** What was typed, as pinyin is written: small letters, ü as v, an apostrophe where somebody parts two syllables. */
export function plain(/** @type {string} */ text) {
  return text.normalize("NFKC").toLowerCase().replaceAll("ü", "v").replaceAll("’", "'");
}

/**
 * Cut into syllables: as few as possible, the longer ones first; what is left at the end is the beginning of one.
 * @param {string} typed
 * @param {Table} table
 * @returns {Piece[]} empty if it is no pinyin at all
 */
export function cut(typed, table) {
  /** @type {Piece[]} */
  const pieces = [];
  for (const part of plain(typed).split("'")) {
    if (!part) continue;
    const found = cutPart(part, table);
    if (found === null) return [];
    pieces.push(...found);
  }
  return pieces.length > SYLLABLES_AT_MOST ? [] : pieces;
}

/** @returns {Piece[] | null} */
function cutPart(/** @type {string} */ part, /** @type {Table} */ table) {
  /** The best cut of what lies before each place. @type {(Piece[] | null)[]} */
  const best = [[]];
  for (let end = 1; end <= part.length; end += 1) {
    best[end] = null;
    for (let start = 0; start < end; start += 1) {
      const before = best[start];
      const text = part.slice(start, end);
      if (!before || before.some((piece) => !piece.whole)) continue;
      const whole = table.has(text);
      if (!whole && (end < part.length || !begins(text, table))) continue;
      best[end] = better(best[end] ?? null, [...before, { text, whole }]);
    }
  }
  return best[part.length] ?? initials(part, table);
}

/**
 * Fewer pieces win, then whole ones, then those that need no apostrophe (li na, not lin a), then the longer first one.
 * @returns {Piece[]}
 */
function better(/** @type {Piece[] | null} */ one, /** @type {Piece[]} */ other) {
  if (one === null) return other;
  if (one.length !== other.length) return one.length < other.length ? one : other;
  const loose = (/** @type {Piece[]} */ cut) => cut.filter((piece) => !piece.whole).length;
  if (loose(one) !== loose(other)) return loose(one) < loose(other) ? one : other;
  const bare = (/** @type {Piece[]} */ cut) => cut.slice(1).filter((piece) => /^[aoe]/.test(piece.text)).length;
  if (bare(one) !== bare(other)) return bare(one) < bare(other) ? one : other;
  for (const [at, piece] of one.entries()) {
    const length = other[at]?.text.length ?? 0;
    if (piece.text.length !== length) return piece.text.length > length ? one : other;
  }
  return one;
}

/** "zw" is no syllable: each letter (or zh, ch, sh) begins one. @returns {Piece[] | null} */
function initials(/** @type {string} */ part, /** @type {Table} */ table) {
  const found = part.match(/[zcs]h|[a-z]/g) ?? [];
  if (found.join("") !== part || !found.every((text) => begins(text, table))) return null;
  return found.map((text) => ({ text, whole: table.has(text) && !/^[a-z]$/.test(text) }));
}

function begins(/** @type {string} */ text, /** @type {Table} */ table) {
  for (const syllable of table.keys()) if (syllable.startsWith(text)) return true;
  return false;
}

/**
 * The characters that a piece can stand for; `isFirst` in a name: it is a surname.
 * @param {Piece} piece
 * @param {Table} table
 * @param {boolean} isFirst
 * @returns {string[]}
 */
export function characters(piece, table, isFirst) {
  let found = piece.whole ? (table.get(piece.text) ?? []) : [];
  if (!piece.whole) {
    const rows = [...table].filter(([syllable]) => syllable.startsWith(piece.text)).map(([, row]) => row);
    // The most frequent of each syllable first, then the second of each: all sounds are in reach.
    for (let rank = 0; rank < 8; rank += 1) found.push(...rows.flatMap((row) => row.slice(rank, rank + 1)));
  }
  const common = isFirst ? SURNAMES : GIVEN;
  const rankOf = (/** @type {string} */ character) => {
    const at = common.indexOf(character);
    return at < 0 ? common.length : at;
  };
  found = [...new Set(found)];
  const order = new Map(found.map((character, at) => [character, at]));
  found.sort((a, b) => rankOf(a) - rankOf(b) || (order.get(a) ?? 0) - (order.get(b) ?? 0));
  return piece.whole ? found : found.slice(0, PREFIX_AT_MOST);
}

/**
 * What can be chosen for what was typed: the whole word as it most likely is, then the characters of its first
 * syllable. `taken` says how many letters a choice uses up.
 * @param {string} typed
 * @param {Table} table
 * @param {boolean} isFirst
 * @returns {{text: string, taken: number}[]}
 */
export function candidates(typed, table, isFirst) {
  const pieces = cut(typed, table);
  const first = pieces[0];
  if (first === undefined) return [];
  const rows = pieces.map((piece, at) => characters(piece, table, isFirst && at === 0));
  const singles = (rows[0] ?? []).map((text) => ({ text, taken: taken(typed, first.text) }));
  if (pieces.length === 1) return singles;
  const word = rows.map((row) => row[0] ?? "").join("");
  return [{ text: word, taken: typed.length }, ...singles];
}

/** How many of the typed letters belong to the first syllable: apostrophes around it go with it. */
function taken(/** @type {string} */ typed, /** @type {string} */ syllable) {
  let at = 0;
  while (typed[at] === "'" || typed[at] === "’") at += 1;
  at += syllable.length;
  while (typed[at] === "'" || typed[at] === "’") at += 1;
  return at;
}
