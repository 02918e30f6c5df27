import type { Drop, Hello, Refusal } from '../tick.ts'
import { find, make, tell } from './element.ts'
import { bytesText, countText, plural } from './number.ts'

const uploadsMax = 4
const shownMax = 30

/** What files put there would be. */
const describeFolder = ({ routes, bronzeBucket }: Hello, folder: string): string => {
  const taking = routes.filter(({ prefix }) => folder.startsWith(prefix))
  const parts = taking.map(({ suffixes, dataset }) => {
    const names = suffixes.length === 0 ? 'files' : `files ending in ${suffixes.join(' or ')}`
    return `${names} are read as ${dataset}`
  })
  const place = `s3://${bronzeBucket}/${folder}`
  return parts.length === 0
    ? `${place}: no route takes files here, so nothing of them would be read.`
    : `${place}: ${parts.join('; ')}.`
}

/** What became of it. */
export const describeDrop = (drop: Drop): string => {
  const { state, known, disposition, reason, rows = 0, rejected = 0 } = drop
  if (state === 'loading') return 'stored, on its way'
  const before = known ? 'loaded before: ' : ''
  if (disposition !== 'rows') return `${before}${disposition}${reason ? `: ${reason}` : ''}`
  const bad = rejected > 0 ? `, ${countText(rejected)} rejected` : ''
  return `${before}${plural(rows, 'row')}${bad} · ${drop.dataset}`
}

const send = async (key: string, file: File): Promise<Drop> => {
  const answer = await fetch(`/objects?key=${encodeURIComponent(key)}`, {
    method: 'POST',
    body: file,
  }).catch(() => undefined)
  if (!answer) throw new Error('the connection broke')
  const told = (await answer.json()) as Drop | Refusal
  if ('error' in told) throw new Error(told.error)
  return told
}

/** An item of the list, and the texts in it. */
const createItems = () => {
  const list = find('#drops')
  const items = new Map<number, HTMLElement>()
  const add = (key: string, sizeBytes: number): HTMLElement => {
    const item = make('li')
    item.append(make('span', key, 'key'), make('span', bytesText(sizeBytes), 'detail'))
    item.append(make('b', 'uploading'))
    list.prepend(item)
    while (list.childElementCount > shownMax) list.lastElementChild?.remove()
    return item
  }
  const say = (item: HTMLElement, text: string, className: string): void => {
    tell(find('b', item), text)
    item.className = className
  }
  const show = (drop: Drop): void => {
    const item = items.get(drop.id) ?? add(drop.key, drop.sizeBytes)
    items.set(drop.id, item)
    if (items.size > shownMax) items.delete([...items.keys()][0] ?? 0)
    const isBad = (drop.rejected ?? 0) > 0 || (drop.disposition ?? 'rows') !== 'rows'
    say(item, describeDrop(drop), drop.state === 'loading' ? '' : isBad ? 'spoiled' : 'good')
  }
  return { add, say, show, items }
}

export const createDropPanel = () => {
  const folder = find<HTMLInputElement>('#folder')
  const files = find<HTMLInputElement>('#files')
  const { add, say, show, items } = createItems()
  const waiting: (() => Promise<void>)[] = []
  let running = 0
  let hello: Hello | undefined

  const work = (): void => {
    while (running < uploadsMax && waiting.length > 0) {
      running++
      void waiting
        .shift()?.()
        .then(() => {
          running--
          work()
        })
    }
  }
  const load = (file: File): void => {
    if (!hello) return
    const key = `${folder.value}${file.name}`
    const item = add(key, file.size)
    if (file.size > hello.uploadBytesMax)
      return say(item, `larger than ${bytesText(hello.uploadBytesMax)}`, 'wrong')
    waiting.push(async () => {
      try {
        const drop = await send(key, file)
        // A tick may have told of it first.
        items.get(drop.id)?.remove()
        items.set(drop.id, item)
        show(drop)
      } catch (error) {
        say(item, (error as Error).message, 'wrong')
      }
    })
    work()
  }
  const describe = (): void => {
    if (hello) tell(find('#route'), describeFolder(hello, folder.value))
  }
  folder.addEventListener('input', describe)
  files.addEventListener('change', () => {
    for (const file of files.files ?? []) load(file)
    files.value = ''
  })
  document.addEventListener('dragover', (event) => {
    event.preventDefault()
    document.body.classList.add('dragging')
  })
  const calm = (): void => document.body.classList.remove('dragging')
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) calm()
  })
  document.addEventListener('drop', (event) => {
    event.preventDefault()
    calm()
    for (const file of event.dataTransfer?.files ?? []) load(file)
  })

  return {
    greet: (told: Hello): void => {
      const isFirst = hello === undefined
      hello = told
      const prefixes = [...new Set(told.routes.map(({ prefix }) => prefix))]
      find('#folders').replaceChildren(
        ...prefixes.map((prefix) => {
          const option = make('option')
          option.value = prefix
          return option
        }),
      )
      if (isFirst) folder.value = prefixes[0] ?? ''
      describe()
      for (const drop of told.drops) show(drop)
    },
    show: (drops: readonly Drop[]): void => drops.forEach(show),
  }
}
