/** The bytes that requests leave on the disk, measured with larger samples. */
import "./diskBound.test.ts"
