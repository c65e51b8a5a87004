// What the Go tests keep of one page, for the tests here. Not part of the app.
const files = import.meta.glob<string>('../../../internal/page/testdata/site/**', {
  query: '?raw',
  import: 'default',
  eager: true,
})

export function golden(name: string): string {
  const text = files[`../../../internal/page/testdata/site/${name}`]
  if (text === undefined) throw new Error(`no golden ${name}`)
  return text
}
