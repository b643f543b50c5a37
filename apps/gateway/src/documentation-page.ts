/** The page at `/docs`: Swagger UI, with its files below `/docs/`. */
export const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>backup-sync</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon-32x32.png">
</head>
<body>
<div id="documentation"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

/**
 * The script of the page. It sends requests to no other host. It keeps the token in the session storage of the tab,
 * which no other tab and no later visit can read. Addresses are relative, so the page also works below a path of a
 * proxy.
 */
export const start = `'use strict';

// A longer text would take the browser seconds to lay out, and minutes to highlight.
const shownMax = 100000;
const kept = {
  token: 'backup-sync.documentation.token',
  project: 'backup-sync.documentation.project',
};

function keep(key, value) {
  if (value) sessionStorage.setItem(key, value);
  else sessionStorage.removeItem(key);
}

function isProject(parameter) {
  return parameter.get('in') === 'path' && parameter.get('name') === 'project_id';
}

const keepsToken = {
  statePlugins: {
    auth: {
      wrapActions: {
        authorize: (authorize) => (schemes) => {
          if (schemes.token) keep(kept.token, schemes.token.value);
          return authorize(schemes);
        },
        logout: (logout) => (names) => {
          if (names.includes('token')) keep(kept.token, '');
          return logout(names);
        },
      },
    },
  },
};

const keepsProject = {
  statePlugins: {
    spec: {
      wrapActions: {
        changeParamByIdentity: (change) => (call, parameter, value, isXml) => {
          if (isProject(parameter)) keep(kept.project, value);
          return change(call, parameter, value, isXml);
        },
      },
    },
  },
  wrapComponents: {
    parameterRow: (ParameterRow, { React, specActions, specSelectors }) => (props) => {
      const { pathMethod, rawParam } = props;
      React.useEffect(() => {
        const project = sessionStorage.getItem(kept.project);
        if (!isProject(rawParam) || !project) return;
        const shown = specSelectors.parameterWithMetaByIdentity(pathMethod, rawParam);
        if (!shown.get('value')) specActions.changeParamByIdentity(pathMethod, rawParam, project, false);
      }, []);
      return React.createElement(ParameterRow, props);
    },
  },
};

function indented(content) {
  try {
    return JSON.stringify(JSON.parse(content), null, 2);
  } catch {
    return content;
  }
}

function download(content, type) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = type.includes('json') ? 'answer.json' : 'answer.txt';
  link.click();
  URL.revokeObjectURL(link.href);
}

const showsPartOfLongAnswers = {
  wrapComponents: {
    responseBody: (ResponseBody, { React }) => (props) => {
      const { content, contentType, getComponent } = props;
      const text = React.useMemo(() => (typeof content === 'string' ? indented(content) : ''), [content]);
      const e = React.createElement;
      if (text.length <= shownMax) return e(ResponseBody, props);
      const part = text.slice(0, text.lastIndexOf('\\n', shownMax));
      const lines = (of) => of.split('\\n').length.toLocaleString('en');
      return e(
        'div',
        null,
        e('h5', null, 'Response body'),
        e('p', null, 'Showing the first ', lines(part), ' of ', lines(text), ' lines.'),
        e('button', { className: 'btn', onClick: () => download(content, contentType ?? '') }, 'Download all'),
        e(getComponent('HighlightCode', true), { language: 'json' }, part),
      );
    },
  },
};

const ui = SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#documentation',
  validatorUrl: null,
  syntaxHighlight: { activated: false },
  plugins: [keepsToken, keepsProject, showsPartOfLongAnswers],
  onComplete: () => {
    const token = sessionStorage.getItem(kept.token);
    if (token) ui.preauthorizeApiKey('token', token);
  },
});
`;
