/**
 * The format of a picture that is no JPEG, by the marks at its beginning; undefined where it is a JPEG or nothing known.
 * @param bytes the first {@link MARK_BYTES} of the file, or all of a shorter one.
 */
export function foreignFormat(bytes: Uint8Array): string | undefined {
  return MARKS.find(({ marks }) => marks.some((mark) => mark.test(latin1(bytes.subarray(0, MARK_BYTES)))))
    ?.format;
}

/** What is said of a picture in such a format. */
export function onlyJpeg(format: string): string {
  return `${format}; only JPEG is read`;
}

/** What has to be seen of a file. */
export const MARK_BYTES = 32;

/** Each byte a character. HEIC and AVIF are both ISO base media files, told apart by their brands. */
const MARKS: readonly { readonly format: string; readonly marks: readonly RegExp[] }[] = [
  { format: 'PNG', marks: [/^\x89PNG\r\n/] },
  { format: 'GIF', marks: [/^GIF8[79]a/] },
  { format: 'WebP', marks: [/^RIFF.{4}WEBP/s] },
  { format: 'BMP', marks: [/^BM.{4}\0{4}/s] },
  { format: 'TIFF', marks: [/^II[*+]\0/, /^MM\0[*+]/] },
  { format: 'AVIF', marks: [/^.{4}ftypavi[fs]/s, /^.{4}ftypmif1.{4}(?:.{4})*avif/s] },
  { format: 'HEIC', marks: [/^.{4}ftyp(?:hei[cmsx]|hev[cmsx])/s, /^.{4}ftyp(?:mif1|msf1)/s] },
];

/** Ends of the names of such files. */
export const FOREIGN_NAME = /\.(png|gif|webp|bmp|tiff?|hei[cf]|avif)$/i;

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
