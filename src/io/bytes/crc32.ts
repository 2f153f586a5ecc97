import { crcOf } from './crc.ts';

/** CRC-32 of ZIP and gzip (ISO 3309), continued from the finished value of the bytes before. */
export const crc32 = crcOf(0xedb88320, [17, 80, 118, 124, 203]);
