// A sentence is translated in the page, and shown as it grows. The checkpoint lies beside the page, on any web server; with
// loadTransformer(gpu, await openCheckpoint(file)) it could as well be a file that the visitor has.
import { loadTransformer, loadVocabulary, openCheckpoint, openGpu, translateLines } from 'tsos/browser';

const form = document.querySelector('form')!;
const output = document.querySelector('output')!;

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const english = `${new FormData(form).get('english')}`;
  output.dataset.state = 'at work';
  try {
    output.textContent = await translate(english);
    output.dataset.state = 'done';
  } catch (error) {
    output.textContent = (error as Error).message;
    output.dataset.state = 'failed';
  }
});

async function translate(english: string): Promise<string> {
  await using gpu = await openGpu({ allowSoftware: true });
  await using checkpoint = await openCheckpoint('transformer.tar.gz');
  using model = await loadTransformer(gpu, checkpoint);
  const vocabulary = await loadVocabulary('vocabulary.subwords');
  const [line] = await translateLines(model, vocabulary, [english], {
    onPartial(lines) {
      output.textContent = lines.get(0) ?? '';
    },
  });
  return line.translation;
}
