export { handler } from './main.ts'
