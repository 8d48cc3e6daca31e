-- What each step of the year records and where it leads, for pgbench, which cannot compute it.
CREATE TABLE bench_steps (
    step int PRIMARY KEY, key text, kind text, document text, occurred_on date, quarter int, recorded_at timestamptz,
    at text, old_state text, state text, due_on date, ladder text, before int, level int, fraction float, as_of date,
    next_due date, q1 int, q2 int, q3 int, q4 int, v1 int, v2 int, v3 int, v4 int
);
INSERT INTO bench_steps VALUES
(1, 'guidelines_set', 'guidelines', 'DOC-1/64', '2020-11-10', 1, '2020-11-12T09:00:00+00:00',
    '2020-11-12T09:00:00.000000+00:00', 'open', 'achieved', '2021-01-10', 'guidelines_set', 0, 1, 0, '2020-11-12',
    '2021-01-10', 1, NULL, NULL, NULL, 0, NULL, NULL, NULL),
(2, 'committee_appointed', 'appointing_order', 'DOC-2/64', '2020-11-30', 1, '2020-12-02T09:00:00+00:00',
    '2020-12-02T09:00:00.000000+00:00', 'open', 'achieved', '2021-01-10', 'committee_appointed', 1, 2, 0, '2020-12-02',
    '2021-04-10', 2, NULL, NULL, NULL, 0, NULL, NULL, NULL),
(3, 'meetings_held', 'meeting', 'DOC-3/64', '2021-02-18', 2, '2021-02-20T09:00:00+00:00',
    '2021-02-20T09:00:00.000000+00:00', 'open', 'in_progress', '2021-04-10', 'committee_appointed', 2, 2, 0.5,
    '2021-02-20', '2021-04-10', 2, 2, NULL, NULL, 0, 0, NULL, NULL),
(4, 'meetings_held', 'meeting', 'DOC-4/64', '2021-05-18', 3, '2021-05-20T09:00:00+00:00',
    '2021-05-20T09:00:00.000000+00:00', 'in_progress', 'achieved', '2021-04-10', 'meetings_held', 2, 3, 0,
    '2021-05-20', '2021-10-10', 2, 2, 3, NULL, 0, 0, 0, NULL),
(5, 'issue_chosen', 'resolution', 'DOC-5/64', '2021-06-22', 3, '2021-06-24T09:00:00+00:00',
    '2021-06-24T09:00:00.000000+00:00', 'open', 'achieved', '2021-10-10', 'issue_chosen', 3, 4, 0, '2021-06-24',
    '2021-10-10', 2, 2, 4, NULL, 0, 0, 0, NULL),
(6, 'report_submitted', 'report', 'DOC-6/64', '2021-09-15', 4, '2021-09-17T09:00:00+00:00',
    '2021-09-17T09:00:00.000000+00:00', 'open', 'achieved', '2021-10-10', 'report_submitted', 4, 5, 0, '2021-09-17',
    NULL, 2, 2, 4, 5, 0, 0, 0, 0);
