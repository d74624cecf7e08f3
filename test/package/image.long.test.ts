/** The image of `image.test.ts` with packages that are installed as its Dockerfile says. */
import "./image.test.ts"
