/**
 * Tasks for data systems wait in the outbox with mails, and each is claimed by a sender of its own: so the rows that
 * are due have an index for each. The template `task` is that of a task.
 */
export const sql = `
DROP INDEX outbox_due;
CREATE INDEX outbox_mail_due ON outbox (due_at, lane, mail, created_at)
  WHERE state = 'waiting' AND template <> 'task';
CREATE INDEX outbox_task_due ON outbox (due_at, lane, mail, created_at)
  WHERE state = 'waiting' AND template = 'task';
`
