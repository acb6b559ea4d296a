// An OpenID provider that tests start: node provider.mjs PORT CERTIFICATE KEY; who signs in is the `login_hint`.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { Provider } from 'oidc-provider'
import { exportJWK, generateKeyPair } from 'jose'

const [port, certificate, key] = process.argv.slice(2)
const issuer = `https://127.0.0.1:${port}`
const made = async (alg, kid) => {
  const pair = await generateKeyPair(alg, { extractable: true })
  return { ...(await exportJWK(pair.privateKey)), alg, kid, use: 'sig' }
}
const client = (id, more) => ({
  client_id: id, application_type: 'native', grant_types: ['authorization_code'], response_types: ['code'],
  redirect_uris: ['http://127.0.0.1/'], ...more,
})

const provider = new Provider(issuer, {
  clients: [
    client('node', { client_secret: 's3cret of the test', id_token_signed_response_alg: 'RS256' }),
    client('public', { token_endpoint_auth_method: 'none', id_token_signed_response_alg: 'ES256' }),
  ],
  jwks: { keys: [await made('RS256', 'rs'), await made('ES256', 'es')] },
  cookies: { keys: ['of the test'] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@kor.example`, email_verified: !id.startsWith('unverified') }),
  }),
  loadExistingGrant: async (ctx) => {
    const { client, session, provider } = ctx.oidc
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
    grant.addOIDCScope('openid email')
    await grant.save()
    return grant
  },
})
const answers = provider.callback()
createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, async (request, response) => {
  if (!request.url.startsWith('/interaction/')) return answers(request, response)
  const { params } = await provider.interactionDetails(request, response)
  return provider.interactionFinished(request, response, {
    login: { accountId: params.login_hint }, consent: {},
  })
}).listen(Number(port), '127.0.0.1', () => console.log('ready'))
