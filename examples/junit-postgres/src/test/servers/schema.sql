-- Applied by the readiness probe of Postgres.java: once a start of the server, before any test sees it.
begin;
create table if not exists account (id bigint generated always as identity primary key, owner text not null);
create table if not exists schema_applied (at timestamptz not null default now());
insert into schema_applied default values;
commit;
