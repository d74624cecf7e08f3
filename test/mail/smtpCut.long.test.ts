/** Cut after every byte: see smtpCut.test.ts. */
import "./smtpCut.test.ts"
