create role :"role" nologin;
grant :"role" to :"worker";
