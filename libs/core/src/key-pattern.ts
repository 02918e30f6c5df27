/** Longer ones are lists, and lists are prefixes. */
const patternCharsMax = 200
/**
 * Places that can stretch, one for an end that is not tied to the beginning: a key has at most 1 024 characters, and so many
 * places among these are tried in less than a second, whatever the key.
 */
const stretchesMax = 3
/**
 * Choices (`|`) multiply, too: so many ways through all groups, as a power of two, where nothing stretches; with each place that
 * does, so many fewer.
 */
const choiceBitsMax = 26
const bitsOfStretch = 8

const quantifier = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/

/**
 * What is wrong with a regular expression for keys, undefined: nothing. The engine goes back and tries again, so that some
 * patterns never end on some keys: what stretches inside of what repeats, choices inside of it, references and looking around
 * are refused, and so are more than three places that stretch and too many choices one after the other.
 */
export const keyPatternProblem = (text: string): string | undefined => {
  if (text === '') return 'must not be empty'
  if (text.length > patternCharsMax) return `must have at most ${patternCharsMax} characters`
  try {
    new RegExp(text, 'u')
  } catch (error) {
    // "Invalid regular expression: /(/u: Unterminated group"
    const why = (error as Error).message.split(': ').at(-1)
    return `must be a regular expression (of JavaScript, with the flag u): ${why}`
  }
  return stretchProblem(text)
}

export const keyPatternOf = (text: string): RegExp => new RegExp(text, 'u')

const stretchProblem = (text: string): string | undefined => {
  let stretches = isTied(text) ? 0 : 1
  /** Of each open group: whether something in it makes repeating it costly. */
  const groups: boolean[] = []
  /** Of each depth: what its group chooses among so far. */
  const choices: number[] = [1]
  let choiceBits = 0
  const mark = (): void => void groups.forEach((_, at) => (groups[at] = true))
  for (let at = 0; at < text.length;) {
    const { length, isCostly, problem } = readAtom(text, at, groups)
    if (problem) return problem
    at += length
    if (text[at - length] === '(') choices[groups.length] = 1
    if (text[at - length] === '|') {
      mark()
      const among = choices[groups.length] ?? 1
      choices[groups.length] = among + 1
      choiceBits += Math.log2((among + 1) / among)
    }
    const found = quantifier.exec(text.slice(at))?.[0]
    if (found === undefined || text[at - length] === '(') continue
    at += found.length
    const isRepeated = !/^\?|^\{1\}/.test(found)
    if (isRepeated && isCostly)
      return 'must not repeat a group in which something repeats or is chosen: write it out, or use several prefixes'
    if (/^\{(\d+)\}/.test(found)) continue
    stretches += 1
    mark()
  }
  if (stretches <= stretchesMax)
    return choiceBits + stretches * bitsOfStretch <= choiceBitsMax
      ? undefined
      : 'must have fewer choices (|) one after the other: use several prefixes'
  return `must have at most ${stretchesMax} places that can stretch (*, +, ?, {n,m}; one is taken where it does not begin with ^): use a prefix for the beginning`
}

/** To the beginning of the key, whichever choice is taken. */
const isTied = (text: string): boolean => text.startsWith('^') && !/[|]/.test(text)

interface Atom {
  readonly length: number
  /** A group, with something in it that must not be repeated. */
  readonly isCostly: boolean
  readonly problem?: string
}

/** What a quantifier may stand behind. `groups` is kept up to date. */
const readAtom = (text: string, at: number, groups: boolean[]): Atom => {
  const rest = text.slice(at)
  if (/^\\(?:[1-9]|k<)/.test(rest)) return refused('must not refer back to a group')
  if (/^\(\?(?:[=!]|<[=!])/.test(rest)) return refused('must not look ahead or behind')
  const escaped = /^\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|.)/su.exec(rest)
  if (escaped) return { length: escaped[0].length, isCostly: false }
  const listed = /^\[(?:\\.|[^\]\\])*\]/su.exec(rest)
  if (listed) return { length: listed[0].length, isCostly: false }
  const opened = /^\((?:\?(?::|<\w+>))?/.exec(rest)
  if (opened) {
    groups.push(false)
    return { length: opened[0].length, isCostly: false }
  }
  if (rest.startsWith(')')) return { length: 1, isCostly: groups.pop() === true }
  return { length: 1, isCostly: false }
}

const refused = (problem: string): Atom => ({ length: 1, isCostly: false, problem })
