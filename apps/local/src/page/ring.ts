/** The last items only. */
export interface Ring<Item> {
  add(item: Item): void
  /** Oldest first. */
  items(): readonly Item[]
}

export const createRing = <Item>(itemsMax: number): Ring<Item> => {
  const kept: Item[] = []
  return {
    add: (item) => {
      kept.push(item)
      if (kept.length > itemsMax) kept.shift()
    },
    items: () => [...kept],
  }
}
