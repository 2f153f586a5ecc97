import { type OpenedPictures, openPictures } from '../../io/pictures/open-pictures.ts';
import type { ResNetSettings } from '../run/settings.ts';

/** What a residual network is trained on. Throws as `openPictures`. */
export function openTrainingPictures({
  data,
  labels,
}: Pick<ResNetSettings, 'data' | 'labels'>): Promise<OpenedPictures> {
  return openPictures(data, { split: 'train', labels });
}
