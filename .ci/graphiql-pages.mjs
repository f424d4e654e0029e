// How to use the two pages: the real GraphiQL, and the small one that serves without npm.

export function realPage(page) {
  const tools = { variables: 'Variables', headers: 'Headers' };
  const result = page.locator('.result-window');
  return {
    ready: '.graphiql-container .graphiql-tab >> nth=7',

    async choose(name) {
      await page.locator('.graphiql-tab-button', { hasText: name }).first().click();
      await page.locator('.graphiql-query-editor', { hasText: name }).waitFor();
    },

    async replace(editor, text) {
      const tool = tools[editor];
      if (tool) await page.locator('.graphiql-editor-tools').getByText(tool, { exact: true }).click();
      const place = tool ? '.graphiql-editor-tool' : '.graphiql-query-editor';
      await page.locator(`${place} .CodeMirror:visible`).click();
      await page.keyboard.press('Control+A');
      await page.keyboard.insertText(text);
    },

    async run() {
      await page.locator('.graphiql-execute-button').click();
    },

    async sees(pattern) {
      await result.filter({ hasText: pattern }).waitFor();
    },

    // The documentation, the history and the dialogs: each writes to the page in its own way.
    async lookAround() {
      await page.getByLabel('Show Documentation Explorer').click();
      await page.locator('.graphiql-doc-explorer', { hasText: 'Root Types' }).waitFor();
      await page.getByLabel('Show History').click();
      await page.locator('.graphiql-history').waitFor();
      for (const dialog of ['Open short keys dialog', 'Open settings dialog']) {
        await page.getByLabel(dialog).click();
        await page.getByRole('dialog').waitFor();
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      }
    },
  };
}

export function fallbackPage(page) {
  return {
    ready: '#run',

    async choose(name) {
      await page.getByLabel('Example').selectOption(name);
    },

    async replace(editor, text) {
      await page.locator(`#${editor}`).fill(text);
    },

    async run() {
      await page.locator('#run').click();
    },

    async sees(pattern) {
      await page.locator('#result').filter({ hasText: pattern }).waitFor();
    },

    async lookAround() {
      await page.locator('#reason').filter({ hasText: /\w/ }).waitFor();
    },
  };
}
