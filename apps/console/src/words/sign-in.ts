export const signInWords = {
  title: 'Sign in',
  sentence: 'See which backups can be restored, and why others cannot.',
  userName: 'User name',
  password: 'Password',
  project: 'Project',
  projectHint: 'Leave it empty for your first project.',
  domain: 'Domain',
  domainHint: 'Only if your identity service has several.',
  more: 'Project and domain',
  button: 'Sign in',
  working: 'Signing in…',
};
