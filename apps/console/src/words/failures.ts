/** What is said of calls that failed. What the server says of them is shown as it is. */
export const failures = {
  unreachable: 'The server does not answer.',
  unreachableRemedy: 'This page tries again by itself. If it takes long, check the server and the network to it.',
  outdated: 'Outdated',
  readAt: 'What is shown was read',
  again: 'This page tries again by itself.',
  unloaded: 'the files of this page cannot be loaded',
  reload: 'Reload the page. If it happens again, report what you did.',
  found: (number: string | null) => (number === null ? 'Request id' : `Error ${number}, request id`),
  invalid: 'The server refused the request',
  retry: 'Try again',
  notFound: 'There is no such page',
  notFoundRemedy: 'Check the address, or choose a page from the menu.',
  broken: 'This page cannot be shown',
};
