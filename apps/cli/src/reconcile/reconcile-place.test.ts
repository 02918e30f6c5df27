import { expect, it } from 'vitest'
import { placesOf } from './reconcile-place.ts'
import { UsageError } from '../usage-error.ts'

it('takes a prefix as a key begins, or as findings print it', () => {
  const buckets = ['bronze', 'other']
  expect(placesOf(buckets, [])).toEqual([
    { bucket: 'bronze', prefix: '' },
    { bucket: 'other', prefix: '' },
  ])
  expect(placesOf(buckets, ['section/', 's3://bronze/section', 's3://bronze'])).toEqual([
    { bucket: 'bronze', prefix: 'section/' },
    { bucket: 'other', prefix: 'section/' },
    { bucket: 'bronze', prefix: 'section' },
    { bucket: 'bronze', prefix: '' },
  ])
})

it('refuses a bucket that is not ours, by its name', () => {
  const theirs = () => placesOf(['bronze'], ['s3://silver/section'])
  expect(theirs).toThrow(UsageError)
  expect(theirs).toThrow('the bucket silver is not one of ours: bronze')
})
