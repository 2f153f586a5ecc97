/**
 * Words after which a final period stays attached in the middle of a German sentence, as Moses' tokenizer has them for `-l de`
 * (without the period; case matters). Letters, Roman numerals and ordinals up to 99 follow below.
 */
const ABBREVIATIONS = `
Adj Adm Adv Art Asst BSE Bart Bldg Brig Bros Buchst Ca Capt Chr Cmdr Co Col Comdr Con Corp Cpl D.h DR Dkr Dr Ens Gen Gov Hon
Hosp I.F Insp Lt Ltd MM MR MRS MS Maj Messrs Mio Mlle Mme Mr Mrd Mrs Ms Msgr MwSt No Nos Nr Op Ord Pfc Ph Prof Pvt Rep Reps Res
Rev Rt SA Sen Sens Sfc Sgt Sr St Std Supt Surg Zt b.A bzgl bzw c.-à-d ca d.J d.h dergl dgl etc evtl ff g.U g.g.A ggf i.H.v jun
k.o m.E o.ä pp s.p.a sen sog sogen spp u.E u.U u.a u.s.w u.ä usf usw vgl vs z.B z.T z.Zt zzt`;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

const ROMAN_NUMERALS = 'i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx';

const ORDINALS = Array.from({ length: 99 }, (_, i) => `${i + 1}`);

/** Whether a word, given without its final period, keeps it within a German sentence. */
export function isGermanPrefix(word: string): boolean {
  return PREFIXES.has(word);
}

const PREFIXES: ReadonlySet<string> = new Set([
  ...ABBREVIATIONS.trim().split(/\s+/),
  ...LETTERS,
  ...LETTERS.toUpperCase(),
  ...ROMAN_NUMERALS.split(' '),
  ...ROMAN_NUMERALS.toUpperCase().split(' '),
  ...ORDINALS,
]);
