import t from 'tap';
import { makeSbom, readLockfile } from '../../scripts/sbom.js';

interface Document {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string; readonly type: string } };
  readonly components: readonly { readonly name: string; readonly version: string }[];
}

t.test('the bill of materials has every package that users install, and no other', async (t) => {
  const { bomFormat, metadata, components } = JSON.parse(makeSbom()) as Document;
  t.equal(bomFormat, 'CycloneDX');
  t.match(metadata.component, { name: 'secure-chat', type: 'application' });
  const listed = components.map(({ name, version }) => `${name}@${version}`);
  const locked = Object.entries(readLockfile().packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version }]) => `${path.replace(/.*node_modules\//, '')}@${version}`);
  t.ok(
    listed.some((name) => name.startsWith('tar@')),
    'also what tests use, too',
  );
  t.same(listed.sort(), locked.sort());
});
