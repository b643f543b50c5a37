import type { Role } from '@backup-sync/contracts';
import { counted } from './amounts.ts';

/** What a role may do, for a person who chooses one. */
export const roleMeanings: Readonly<Record<Role, string>> = {
  reader: 'See backups, operations, sources and bucket grants, and extract volumes.',
  operator: 'Also plan, import, scan, verify, cancel and delete, and manage sources.',
  administrator: 'Also manage users, projects, buckets and access keys of the whole installation, and read the audit.',
};

export const elsewhereWords = {
  title: 'An identity service keeps them',
  users: 'Users and roles are kept by the identity service of this installation. Change them there.',
  projects: 'Projects are kept by the identity service of this installation. Change them there.',
  accessKeys: 'Access keys belong to users of this server. This installation has its users in an identity service.',
};

export const usersWords = {
  title: 'Users',
  sentence: 'Who may sign in, and the role of each in every project.',
  caption: 'Users',
  add: 'Add user',
  emptyTitle: 'No user yet',
  emptyText: 'Add a user, then give them a role in a project.',
  name: 'Name',
  state: 'State',
  roles: 'Roles',
  created: 'Added',
  actions: 'Actions',
  active: 'may sign in',
  disabled: 'disabled',
  noRole: 'no role: can use no project',
  roleIn: (role: string, project: string) => `${role} in ${project}`,
  of: (action: string, name: string) => `${action}: ${name}`,

  addTitle: 'Add a user',
  nameHint: 'Unique in the installation. It cannot be changed later.',
  password: 'Password',
  passwordHint: 'At least 12 characters.',
  addButton: 'Add user',
  added: (name: string) => `${name} is added. Give them a role next.`,

  rolesAction: 'Roles',
  rolesTitle: (name: string) => `Roles of ${name}`,
  project: 'Project',
  role: 'Role',
  revoke: 'Revoke',
  revokeOf: (project: string) => `Revoke the role in ${project}`,
  revoked: 'The role is revoked.',
  lessTitle: (name: string, project: string) => `Take rights in ${project} from ${name}?`,
  revokeText: (role: string) => `They have the role ${role} there. Without a role, they can no longer use the project.`,
  lowerText: (held: string, given: string) => `They have the role ${held} there, and would only have ${given}.`,
  grant: 'Give role',
  grantHint: 'It replaces the role that the user has in the project.',
  granted: 'The role is given.',
  done: 'Done',

  passwordAction: 'Password',
  passwordTitle: (name: string) => `Set the password of ${name}`,
  passwordText: 'Their sessions and tokens end immediately. Access keys still work.',
  newPassword: 'New password',
  passwordButton: 'Set password',
  passwordSet: 'The password is set.',

  disable: 'Disable',
  disableTitle: (name: string) => `Disable ${name}?`,
  disableText: 'Their sessions and tokens end immediately. Their access keys do not work until they are enabled again.',
  isDisabled: (name: string) => `${name} is disabled.`,
  enable: 'Enable',
  enableTitle: (name: string) => `Enable ${name}?`,
  enableText: 'They may sign in again, and their access keys work again.',
  isEnabled: (name: string) => `${name} may sign in again.`,
  remove: 'Remove',
  removeTitle: (name: string) => `Remove ${name}?`,
  removeText: 'Their roles, tokens and access keys are removed as well. What they did stays in the audit.',
  isRemoved: (name: string) => `${name} is removed.`,
};

export const projectsWords = {
  title: 'Projects',
  sentence: 'Each project has its own records, operations, sources and buckets.',
  caption: 'Projects',
  add: 'Add project',
  name: 'Name',
  nameHint: 'Unique in the installation.',
  id: 'Id',
  created: 'Added',
  current: 'this session',
  addTitle: 'Add a project',
  addText:
    'A new project has no bucket yet. As long as there is one project, it has every bucket. With a second one, each project has only the buckets that are granted to it.',
  addButton: 'Add project',
  added: (name: string) => `${name} is added.`,
  explicitTitle: (name: string) => `${name} is added`,
  next: 'Next, grant it a bucket and give users a role in it.',
  buckets: 'Buckets',
  users: 'Users',
};

export const explicitWords = {
  title: 'The first project no longer has every bucket',
  text: (count: number) =>
    `It keeps the ${count === 1 ? 'bucket' : 'buckets'} that it uses. ${counted(count, 'grant was', 'grants were')} added for it:`,
};

export const bucketsWords = {
  title: 'Buckets',
  sentence: 'Which buckets, or folders of them, each project may use.',
  caption: 'Bucket grants',
  add: 'Grant bucket',
  project: 'Project',
  bucket: 'Bucket',
  folder: 'Folder',
  storage: 'Storage unit',
  actions: 'Actions',
  everyBucket: 'every bucket',
  wholeBucket: 'whole bucket',
  everyTitle: 'One project has every bucket',
  everyText:
    'As long as there is one project, it may use every bucket that the storage has. When a second project is added, or a bucket is granted, each project has only its own grants.',
  emptyTitle: 'No grant',
  emptyText:
    'Without a grant, a project can use no bucket: imports, scans and sources are refused before storage is asked.',
  addTitle: 'Grant a bucket',
  folderHint: 'If empty, the whole bucket. Every link of a chain must be inside the folder.',
  projectHint: 'Id of the project in the identity service.',
  addButton: 'Grant',
  added: 'The bucket is granted.',
  revoke: 'Revoke',
  revokeOf: (place: string, project: string) => `Revoke ${place} of ${project}`,
  revokeTitle: (place: string) => `Revoke ${place}?`,
  revokeText: (project: string) =>
    `${project} can no longer use it. Operations in progress that need it fail within seconds. Records stay.`,
  revoked: 'The grant is revoked.',
  close: 'Done',
};

export const accessKeysWords = {
  title: 'Access keys',
  sentence: 'Programs sign their requests with a key, as one user in one project.',
  caption: 'Access keys',
  add: 'Create key',
  emptyTitle: 'No access key yet',
  emptyText: 'Create one for a program that calls the API, such as an SDK or Terraform.',
  key: 'Access key',
  user: 'User',
  project: 'Project',
  created: 'Created',
  state: 'State',
  actions: 'Actions',
  works: 'works',
  disabled: 'disabled',
  addTitle: 'Create an access key',
  userHint: 'The key has the role that this user has in the project, also when the role changes.',
  noRole: 'This user has no role in any project. Give them one first.',
  addButton: 'Create key',
  secretTitle: 'Store the secret key now',
  secretWarning: 'This is the only time that the secret key is shown. It cannot be read again.',
  secretRemedy: 'Copy it to where the program reads it. If it is lost, disable the key and create another one.',
  accessKey: 'Access key',
  secretKey: 'Secret key',
  stored: 'I have stored it',
  disable: 'Disable',
  disableOf: (key: string) => `Disable ${key}`,
  disableTitle: 'Disable this access key?',
  disableText: (key: string, user: string) =>
    `Requests that ${user} signs with ${key} are refused from now on. A disabled key cannot be enabled again.`,
  isDisabled: 'The access key is disabled.',
};

export const nodesWords = {
  title: 'Nodes',
  sentence:
    'The processes that share this catalogue. A node without a heartbeat for 15 seconds leaves the list, and others take over its work.',
  caption: 'Nodes, oldest first',
  emptyTitle: 'No node is registered',
  emptyText: 'No server or worker has sent a heartbeat in the last 15 seconds.',
  aloneTitle: 'This server works alone',
  aloneText:
    'One node answers all calls and runs all operations. More can join if the catalogue is in PostgreSQL; they then take over the work of a node that fails.',
  node: 'Node',
  does: 'Does',
  calls: 'answers calls',
  work: 'runs operations',
  version: 'Version',
  started: 'Started',
  seen: 'Last heartbeat',
  clock: 'Clock',
  running: 'Running now',
  id: (id: string) => `id ${id}`,
  clockOk: 'in step',
  clockAhead: (ms: number) => `${(ms / 1000).toFixed(1)} s ahead`,
  clockBehind: (ms: number) => `${(-ms / 1000).toFixed(1)} s behind`,
  clockMeaning:
    'Nodes use the time of the database, so that nothing goes wrong. Check the time service of the machine.',
  nothing: 'nothing',
  more: (count: number) => `and ${counted(count, 'more operation')}`,
  workIn: (kind: string, bucket: string) => `${kind} in ${bucket}`,
};
