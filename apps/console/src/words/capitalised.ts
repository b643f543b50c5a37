/** A message of the server, with which a line begins. The name of a call stays as it is: `listUsers needs a role`. */
export function capitalised(message: string): string {
  return /^[a-z]+[A-Z]/.test(message) ? message : message.charAt(0).toUpperCase() + message.slice(1);
}
