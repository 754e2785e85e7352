/** What the pictures of measurements have in common: frame, scale and colours, as SVG. Pure. */

export const colors = ['#2f6fb5', '#c2571a', '#3d8b4f', '#7a4fa3', '#b8901f'] as const;

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export function svgOf(
  size: { width: number; height: number },
  label: string,
  parts: readonly string[],
): string {
  const { width, height } = size;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}" font-family="sans-serif" font-size="11" fill="#333">
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}

/** Lines at nothing, half and all of the scale, with their values at the left. */
export function gridOf({ left, top, width, height }: Box, scale: number): string[] {
  return [0, 0.5, 1].map((part) => {
    const at = round(top + height * (1 - part));
    return `<path d="M${left} ${at}h${width}" stroke="#ddd"/><text x="${left - 6}" y="${at + 4}" text-anchor="end">${round(scale * part)}</text>`;
  });
}

/** 1, 2 or 5 times a power of ten. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
